from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import messages


class Command(BaseCommand):
    help = "Bring the catalogues of translations up to date with the code, and say what is untranslated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if something would change"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        said = messages.gathered()
        for language in messages.languages():
            path, catalog = messages.catalogue(language), messages.updated(language, said)
            text = messages.text_of(catalog)
            changed = not path.exists() or path.read_bytes() != text
            if changed and options["check"]:
                raise CommandError(
                    f"{path.name} ({language}) is not what the code says: run `make messages`."
                )
            if changed:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            for message in messages.untranslated(catalog):
                self.stdout.write(f"{language}: not translated: {message}")
            self.stdout.write(f"{language}: {len(catalog)} messages, {'written' if changed else 'unchanged'}")
