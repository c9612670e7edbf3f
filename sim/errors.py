"""Every error that this package raises by a name of its own, in one tree, each with the exit code of a command.

``except CoalitionsError`` catches whatever a user can mend. What a user gave is an `InputError`; its text names the
thing, the value and the mend.
"""

from __future__ import annotations

import errno

OK = 0
FAILED = 1  # a run failed
USAGE = 2  # a wrong use of the command line, or invalid input
INCOMPLETE = 3  # a sweep is complete but for failed runs
HELD = 4  # another command writes into the folder
NO_ROOM = 5  # on the disk
INTERRUPTED = 130  # by Ctrl-C
TERMINATED = 143  # by SIGTERM

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # what the system says where there is no room


class CoalitionsError(Exception):
    """The root of the tree. `exit_code` is what a command that raises it returns."""

    exit_code = FAILED


class InputError(CoalitionsError, ValueError):
    """Something that a user gave cannot be used."""

    exit_code = USAGE


class ConfigurationError(InputError):
    """A setting or an option is unknown, of the wrong kind or out of range."""


class ParameterError(ConfigurationError):
    """A parameter has a value outside its declared range or of the wrong kind."""


class SamplingError(ConfigurationError):
    """The sample of a design cannot be drawn."""


class ConstraintError(ConfigurationError):
    """A constraint on the points of a design cannot be read."""


class DelimitedError(InputError):
    """A file is no table of text; `line` is where, None where it concerns the whole file."""

    def __init__(self, text: str, line: int | None = None) -> None:
        """Say what is wrong, without repeating a cell."""
        super().__init__(text)
        self.line = line


class RosterError(InputError):
    """A roster cannot be used; the text has one line per problem: file, line, column, kind of value, mend."""


class ObservationError(InputError):
    """A file of observations cannot be used; the text names the line and the mend."""


class ResultsError(InputError):
    """A results folder is missing something or cannot be read."""


class AnalysisError(InputError):
    """A sweep cannot be analysed in this way."""


class ExpressionError(AnalysisError):
    """An expression cannot be understood, or names a column that is not there."""


class InterviewError(InputError):
    """Results lack what interviews are made from."""


class GameError(InputError):
    """A game is not one, or is too large."""


class FigureError(InputError):
    """A figure cannot be drawn, or lacks one of its parts."""


class PrintError(CoalitionsError):
    """Nothing here can print, or what can has failed."""

    exit_code = USAGE


class UnfitFileError(CoalitionsError, OSError):
    """What is there is no regular file, or larger than anything that is read; `strerror` says which."""

    exit_code = USAGE


class FolderInUseError(CoalitionsError):
    """Another command is writing into this folder."""

    exit_code = HELD


class NoRoomError(CoalitionsError):
    """There is no room for results on the disk."""

    exit_code = NO_ROOM


class RefusedError(CoalitionsError):
    """The app does not answer a question; `status` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.status = status
