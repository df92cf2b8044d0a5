"""The true effects in the generated desk with a bot: names and constants of the simulation."""

import numpy as np

MINUTE, HOUR, DAY = 60, 3_600, 86_400

CATEGORIES = ("question", "request", "problem", "complaint")
CATEGORY_SHARES = (0.45, 0.20, 0.27, 0.08)
BOT_TAKES = np.array([0.90, 0.75, 0.55, 0.25])  # first contacts that the bot answers, by category: the easy ones
TAKES_AGAIN = 0.3  # later contacts
BOT_SOLVES = np.array([0.78, 0.55, 0.40, 0.10])
PERSON_SOLVES = np.array([0.97, 0.90, 0.72, 0.45])

FIRST_REPLY_SECONDS, FIRST_REPLY_SPREAD = 8.0, 0.5  # of the bot: median, and of the log
BETWEEN_REPLIES_SECONDS = 90.0
ONE_MORE_REPLY = 0.45  # chance that a bot's reply is the last
CONFIRMS = 0.35  # of those whom the bot helped
DENIES = 0.12  # of those who give up
HANDS_OFF = 0.60  # of those whom the bot does not help; the others give up without a word
REASONS = ("cannot_answer", "customer_asked", "usage_limit")
REASON_SHARES = (0.60, 0.25, 0.15)
ASKS_IN_VAIN = 0.25  # of those who give up
IDLE_SECONDS = 72 * HOUR  # until the system ends what the customer left
PERSON_WAIT_SECONDS, PERSON_WAIT_SPREAD = 1.5 * HOUR, 0.8
PERSON_TALK_SECONDS = 10 * MINUTE

RETURNS_SOLVED, RETURNS_UNSOLVED = 0.05, 0.60  # come back with the same matter
RETURN_SECONDS = 2 * DAY
MOST_EPISODES = 4
SWITCHES = 0.25  # of those who come back, by another channel than they began with

ANSWERS = 0.4  # of the customers, to the survey after the last end
SCORES = ((0.45, 0.30, 0.15, 0.07, 0.03), (0.03, 0.05, 0.12, 0.35, 0.45))  # from 1 to 5, unsolved and solved
FOLLOWED_UP = 0.5  # of answers of 1 and 2
FOLLOW_UP_SECONDS = 1 * DAY
ANSWERS_AGAIN = 0.6  # of those who gave a low answer
WON_BACK = (0.2, 0.7)  # of these, without and with a follow-up
AGAIN_SECONDS = 20 * DAY

KNOWN_ACTOR = 0.97  # changes of which the log says who made them
PEOPLE = 12
