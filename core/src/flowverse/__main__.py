"""`python -m flowverse`: the command, in the interpreter that is named."""

from flowverse.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
