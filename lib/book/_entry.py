"""What ``papermill --engine gvc-book`` finds: the engine, imported when it is first asked for.

papermill loads its entry points while it is itself being imported, so this module imports nothing
of it.
"""


class Engine:
    """Stands for :class:`lib.book.engine.ChapterEngine`."""

    @staticmethod
    def _real():
        from lib.book.engine import ChapterEngine

        return ChapterEngine

    @classmethod
    def execute_notebook(cls, *arguments, **named):
        return cls._real().execute_notebook(*arguments, **named)

    @classmethod
    def nb_kernel_name(cls, nb, name=None):
        return cls._real().nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb, language=None):
        return cls._real().nb_language(nb, language)
