"""What can go wrong with the embedded servers, in words for the person at the command line."""


class EmbeddedServerError(Exception):
    """An embedded server cannot be started; the message says why and shows the last lines of its log."""


class DataFolderInUse(EmbeddedServerError):
    """Another process runs its servers in this data folder; the message names its pid."""
