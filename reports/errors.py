from core.errors import DomainError


class TooManySchedules(DomainError):
    code = "too_many_schedules"
    detail = "A member is mailed at most {most} reports: remove one first."
