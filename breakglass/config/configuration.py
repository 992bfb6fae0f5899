"""The configuration as the rest of the program sees it."""

from dataclasses import dataclass
from pathlib import Path

from breakglass.config.accounts import AccountSettings
from breakglass.config.consistency import effective
from breakglass.config.leads import settings_of
from breakglass.config.reading import unusable
from breakglass.config.section import EVERY_SERVICE, Section
from breakglass.config.spelling import either, key_part, nearest, quoted
from breakglass.config.state_table import StateTable, state_tables_of
from breakglass.errors import UsageError
from breakglass.model.settings import Settings

FILE_NAME = "breakglass.toml"
_EXAMPLE = 'ecs = { cluster = "wonderland", service = "{service}" }'


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that one file says. Without a file it is empty: such a configuration can read, never change.

    `runbooks` is the folder of the organisation's own runbooks, whether or not it is there.
    """

    file: Path | None = None
    accounts: tuple[AccountSettings, ...] = ()
    sections: tuple[Section, ...] = ()
    runbooks: Path | None = None

    def account_named(self, name: str) -> AccountSettings:
        """The account that `--account NAME` means. Raises `UsageError` where none is called so."""
        names = [account.name for account in self.accounts]
        if name in names:
            return self.accounts[names.index(name)]
        if not names:
            raise UsageError(
                f"No account {quoted(name)}: {self._place} configures none.",
                hint=f'Add [accounts.production] with id = "…" to {self.file or FILE_NAME}.',
            )
        close = "".join(f"Did you mean {near}? " for near in nearest(name, names)[:1])
        raise UsageError(
            f"No account {quoted(name)} in {self._place}.", hint=f"{close}Configured accounts: {', '.join(names)}."
        )

    def account_with_id(self, account_id: str) -> AccountSettings | None:
        """The account with these 12 digits; None where it is not configured, and so may not be changed."""
        return next((account for account in self.accounts if account.id == account_id), None)

    def service(self, name: str) -> Settings:
        """Leads and pointers of a service: its own section, completed by the conventions of `"*"`.

        Raises `UsageError` where nothing can be called `name`, or a pointer makes no sense for it.
        """
        if unusable(name):
            raise UsageError(
                f"{quoted(name)} is no service's name.", hint="Give one service's whole name, such as deployer-api."
            )
        if self.file is None:
            return Settings(name, ())
        concerned = [section for section in self.sections if section.name in (name, EVERY_SERVICE)]
        sections = effective(concerned)
        section = sections.get(name) or sections.get(EVERY_SERVICE) or Section(name)
        return settings_of(section, name, self.file)

    def service_names(self) -> tuple[str, ...]:
        """The services that have a section of their own, in file order."""
        return tuple(section.name for section in self.sections if section.name != EVERY_SERVICE)

    def is_configured(self, service: str) -> bool:
        """Whether the service has a section of its own."""
        return service in self.service_names()

    def state_tables(self) -> tuple[StateTable, ...]:
        """Where state entries are: the conventions' tables first, then those of single services."""
        if self.file is None:
            return ()
        own = {section.name: section for section in self.sections}
        return tuple(state_tables_of(effective(self.sections), own, self.file))

    def advice(self, service: str) -> str | None:
        """How to configure `service`; None where the configuration gives leads to it."""
        settings = self.service(service)
        if settings.leads or settings.tags:
            return None
        if self.is_configured(service):
            return f"Say in {self.file}, [services.{key_part(service)}], where its pieces are, such as {_EXAMPLE}."
        where = (
            f'Say in {self.file or FILE_NAME}, [services."*"], where the pieces of services are, such as {_EXAMPLE}.'
        )
        near = nearest(service, self.service_names())
        return f"Did you mean {either(near)}? If not: {where}" if near else where

    @property
    def _place(self) -> str:
        return str(self.file) if self.file else f"the configuration (no {FILE_NAME} was found)"
