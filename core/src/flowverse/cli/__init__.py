"""The `flowverse` command: `main` is its entry point."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process, and exit with a code of docs/commands.md."""
    try:
        from flowverse.cli._at_once import answered

        if answered(sys.argv[1:]):
            sys.exit(0)
        import gc

        # Most of what a command makes it keeps to its end; to look for rubbish after every 700 values is in vain.
        gc.set_threshold(20_000, 10, 50)
        from flowverse.cli._commands import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        sys.exit(f'error: the flowverse command needs {error.name}\nhint: run `pip install "flowverse[cli]"`')
    except KeyboardInterrupt:  # so early that nothing was begun
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
