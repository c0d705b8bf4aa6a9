"""What is paid for in the tests of billing: the money is told to the history, and that is all."""

from accounts import services as accounts

TAKEN = "test.taken"


def take(*, by, attempt):
    accounts.record(by=by, action=TAKEN, subject=attempt, after={"state": attempt.state})


def grant(*, by, attempt):
    """What was bought is granted, but for a wrong amount; that it is not granted already is for billing to see to."""
    granted = "nothing" if attempt.state == "FAILED" else "all"
    accounts.record(by=by, action="test.granted", subject=attempt, after={"granted": granted})


def withdraw(*, by, attempt):
    accounts.record(by=by, action="test.withdrawn", subject=attempt)


def keep(*, account, gateway, reference, finding):
    """Money that nobody asked for, once; there is nobody who acts."""
    if account.audit_events.filter(action="test.kept", after__reference=reference).exists():
        return
    account.audit_events.create(
        action="test.kept",
        subject=gateway,
        subject_id=account.pk,
        after={"reference": reference, "amount": str(finding.amount), "phone": finding.payer_phone},
    )
