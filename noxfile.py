"""Every check of the project as a session: `uvx nox -l` lists them, `uvx nox -s lint types` runs two."""

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "docs", "tests"]

PYTHONS = ["3.11", "3.12", "3.13"]
BENCHMARKS = Path(__file__).parent / "benchmarks"


def install(session: nox.Session, *groups: str, options: tuple[str, ...] = ()) -> None:
    """Install the project in place with its extras and some dependency groups."""
    named = [word for group in groups for word in ("--group", group)]
    session.install(*options, "-e", ".[arrow,holidays,plot]", *named)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the whole suite on each Python that is present."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS[0], venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the whole suite with the lowest versions that pyproject.toml promises."""
    install(session, "test", options=("--resolution", "lowest-direct"))
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS[0], venv_backend="uv")
def doors(session: nox.Session) -> None:
    """Let tables through the front door that the suite has no copy of: those of pandas 2 and of ibis."""
    install(session, "test")
    session.install("pandas<3", "ibis-framework[duckdb]")
    session.run("pytest", "tests/model/test_frame_input.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and layout with ruff."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the sources with mypy, what a user of them sees with mypy and pyright, and that the wheel's types are complete."""
    install(session, "lint", "test")  # what the sources and the tests import must be there to be read
    session.run("mypy")
    session.run("pyright")
    session.install("--no-deps", "--force-reinstall", ".")  # no longer in place
    session.chdir(session.create_tmp())  # where no sources lie that pyright would read instead
    session.run("pyright", "--ignoreexternal", "--verifytypes", "servicequality")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into site/; any warning is an error."""
    install(session, "docs", "lint")  # ruff lays out the signatures
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def laws(session: nox.Session) -> None:
    """Run the suite with many more hypothesis examples, drawn afresh each time."""
    install(session, "test")
    session.run("pytest", *session.posargs, env={"HYPOTHESIS_PROFILE": "thorough"})


@nox.session
def fuzz(session: nox.Session) -> None:
    """Drive every public call over 100,000 hostile inputs, or SERVICEQUALITY_FUZZ_INPUTS; `-- --replay SEED` shows one."""
    install(session, "test")
    session.run("python", "-m", "fuzz", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def simulations(session: nox.Session) -> None:
    """Draw the samples behind every claim of coverage, error and power forty times over, under bounds six times as sharp."""
    install(session, "test")
    options = ("-m", "simulation", "-n", "auto", "--dist", "worksteal")
    session.run("pytest", *options, *session.posargs, env={"SIMULATION_BATCHES": "40"})


@nox.session
def minima(session: nox.Session) -> None:
    """Draw the page of minima anew, docs/coverage-minima.md: some ten minutes; `-- --curves 10000` for more draws."""
    install(session, "test")
    session.run("python", "tests/coverage_table.py", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Break the sources in small ways and see whether a test notices; [tool.mutmut] says which files."""
    install(session, "mutation")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure against other tools, side by side in one run; name files to run some of them."""
    install(session, "bench")
    for script in session.posargs or sorted(str(path) for path in BENCHMARKS.glob("*.py") if path.stem != "measure"):
        session.run("python", script)
