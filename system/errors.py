from core.errors import DomainError


class ModuleDisabled(DomainError):
    status = 403
    code = "module_disabled"
    detail = "The module {module} is switched off."


class TaskOver(DomainError):
    status = 409
    code = "task_over"
    detail = "The task has ended already."


class TooManyTasks(DomainError):
    code = "too_many_tasks"
    detail = "{most} tasks of this business wait already: let some of them come to their end."


class FileRefused(DomainError):
    status = 400
    code = "file_refused"
    detail = "The file is not one of {wanted}."


class FileTooLarge(DomainError):
    status = 400
    code = "file_too_large"
    detail = "The file is larger than {limit} bytes."


class SheetFull(DomainError):
    code = "sheet_full"
    detail = "A sheet takes {most} rows: ask for CSV, or for fewer days."


class IntegrationMissing(DomainError):
    code = "integration_missing"
    detail = "This business has no keys of its own to {provider}."


class KeysUnreadable(DomainError):
    code = "keys_unreadable"
    detail = "The keys to {provider} were sealed under a key that is gone: bring them again."


class CheckUnavailable(DomainError):
    code = "check_unavailable"
    detail = "Keys to {provider} cannot be tried here."


class OnboardingUnfinished(DomainError):
    status = 403
    code = "onboarding_unfinished"
    detail = "First finish setting up the business: see the steps of its onboarding."
