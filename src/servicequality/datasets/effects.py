"""The true effects in the generated desk: names and constants of the simulation."""

# They are round figures of plausible size, chosen so that waits, surveys and reopenings depend on known things.

import numpy as np

ZONE = "Europe/Berlin"
OPENING, CLOSING = 8, 18  # local hours, Monday to Friday

HOUR = 3_600
DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).max  # an instant that does not come

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
NEW, OPEN, PENDING, HOLD, SOLVED, CLOSED = range(6)
TIERS = ("tier 1", "tier 2")
HANDOFFS = ("people",)
FIELDS = ("status", "team", "tier", "handoff", "agent")
STATUS, TEAM, TIER, HANDOFF, AGENT = range(5)
AUTHORS = ("customer", "agent", "bot", "system")
BY_CUSTOMER, BY_AGENT, BY_BOT = range(3)
EXCLUDED = ("spam", "merged")
EXCLUDED_SHARES = ((0.988, 0.008, 0.004),)  # counted first
OPENED_BY_AGENT_SHARE = 0.04

CHANNELS = ("email", "chat", "phone", "web")
CHANNEL_SHARES = ((0.50, 0.08, 0.02, 0.40), (0.36, 0.22, 0.20, 0.22))  # desk closed, desk open
CHANNEL_WAIT = np.array([1.0, 0.15, 0.05, 1.0])  # a queue's wait is multiplied by these
CHANNEL_EFFORT = np.array([1.0, 1.3, 1.5, 0.9])
BOT_SHARE = np.array([0.0, 0.5, 0.0, 0.3])
BOT_TALK_SECONDS = (60, 600)  # until the bot hands over to people
AUTO_REPLY_SHARE = np.array([0.2, 0.0, 0.0, 0.0])  # "we have received your message", in an agent's name

PRIORITIES = ("low", "normal", "high", "urgent")
PRIORITY_SHARES = ((0.15, 0.60, 0.18, 0.07),)
PRIORITY_WAIT = np.array([1.4, 1.0, 0.6, 0.2])
PRIORITY_REOPEN = np.array([0.0, 0.0, 0.3, 0.6])  # on the log-odds
DUE_SECONDS = np.array([240, 96, 36, 12]) * HOUR

PRODUCTS = ("app", "billing", "website", "integration")
PRODUCT_SHARES = ((0.40, 0.25, 0.20, 0.15),)
PRODUCT_EFFORT = np.array([1.0, 0.8, 0.9, 1.7])
PRODUCT_REOPEN = np.array([0.0, -0.2, 0.0, 0.5])

TEAMS = ("accounts", "general", "technical")
TEAM_SHARES = ((0.05, 0.65, 0.30), (0.80, 0.18, 0.02), (0.10, 0.70, 0.20), (0.02, 0.18, 0.80))  # by product
CATEGORIES = ("question", "problem", "request", "complaint")
CATEGORY_SHARES = ((0.40, 0.35, 0.18, 0.07),)

UTILISATION = 0.9  # the queue's load over the opening hours, once one agent is not enough
WORK_SECONDS = 40 * 60  # an average ticket's work, which is what fills the queue
SKILL_SPREAD = 0.25  # of the log of an agent's pace
QUALITY_SPREAD = 0.35  # of what an agent adds to satisfaction, in standard deviations of a customer
ONE_MORE_REPLY = 0.45  # chance that an agent's reply is the last of its cycle
NOTE_SHARE = 0.25  # tickets with an internal note before the first reply
HOLD_SHARE = 0.15  # further turns that wait for a third party
HAND_OVER_SHARE = 0.12  # further turns that go to another agent
OTHER_TEAM_SHARE = 0.3  # of these
ESCALATED_SHARE = 0.3  # of these, once
SOLVED_BY_REPLY_SHARE = 0.7  # last replies that are the solution, the others precede it
MAX_REPLIES = 6
MAX_REOPENS = 3
REOPEN_LOG_ODDS = -2.4
REOPEN_QUALITY = -0.8
PATIENCE_SECONDS = 12 * DAY
CLOSE_AFTER = 4 * DAY  # a solved ticket is closed, and can be reopened no more

SATISFACTION = 1.5  # of a ticket without any wait, by an average agent
SATISFACTION_PER_LOG_HOUR = -0.30  # on log(1 + hours to the first response)
SATISFACTION_PER_LOG_DAY = -0.25  # on log(1 + days to the last resolution)
SATISFACTION_PER_REOPEN = -0.7
DELIVERED_SHARE = 0.7
ANSWER_LOG_ODDS = -1.0
ANSWER_PER_SATISFACTION = 0.5  # the satisfied answer more often, so that observed scores flatter

OUTAGE_BY_RELEASE_SHARE = 0.4  # outages that a deployment made within the hour before
RELEASE_FAILURE_SHARE = 0.06  # other deployments that have to be mended

# The front line: calls and chats, which have agents of their own.
QUEUES = ("phone", "chat")
CONTACTS_PER_TICKET = 4.0  # contacts that make no ticket
CALL_SHARES = ((0.6, 0.4),)  # of these, by queue
LINE_LOAD = np.array([0.4, 0.75])  # of what the agents of a queue can hold at once in the open hours, over the week
AT_ONCE = np.array([1, 3])  # conversations that an agent holds
TALK_SECONDS = np.array([240.0, 600.0])  # medians
TALK_SPREAD = np.array([0.8, 0.6])  # of the log
WRAP_SECONDS = np.array([90.0, 30.0])  # means
ON_HOLD_SHARE = 0.15
CALLER_PATIENCE_SECONDS = np.array([240.0, 360.0])  # means
IMPATIENT_SHARE = 0.06  # who hang up within five seconds if nobody answers at once
BREAK_SECONDS = 45 * 60

SEGMENTS = ("small", "medium", "large")  # by what an account is worth
FIRST_TERM = 90 * DAY  # nobody can leave before
CHURN_PER_YEAR = np.array([1.2, 0.8, 0.5, 0.3, 0.15])  # by satisfaction from 1 to 5, at average engagement
CHURN_PER_ENGAGEMENT = -0.6  # on the log of the rate, for each unit of the log of engagement
WATCHED_FOR = 2 * 365 * DAY  # who has not left by then stays
