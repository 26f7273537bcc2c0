"""The error that a command reports without a traceback."""


class InputError(Exception):
    """Input that a person must fix; the message names the file or key and what to do."""
