"""The one exception whose message is meant for the user."""


class StudyError(Exception):
    """Something the user can put right.

    The message is one line: the key or file, the value found, and what is allowed.
    """
