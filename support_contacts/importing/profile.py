"""The importing partner's own support profile."""

from portal.models import Action, AuditEvent, Channel, SupportProfile
from support_contacts.importing.records import Record
from support_contacts.importing.report import Kind, Outcome
from support_contacts.importing.run import Run

MEMBERS = ("email", "telephone", "website")


def apply(run: Run, record: Record) -> None:
    """Fill what is blank, and replace what an import wrote. What a person wrote here stays, unless overwritten."""
    profile = SupportProfile.objects.select_for_update(no_key=True).filter(partner=run.partner).first()
    is_new = profile is None
    profile = profile or SupportProfile(partner=run.partner)
    may_replace = run.overwrite or _written_by_import(run)
    before, after = {}, {}
    for name in MEMBERS:
        stored, said = getattr(profile, name), record.values.get(name)
        if said is None or said == stored:
            continue
        if stored and not may_replace:
            run.refuse(
                Kind.PROFILE, record.place(name), "disagrees with what stands here (--overwrite replaces it)"
            )
            continue
        before[name], after[name] = stored, said
        setattr(profile, name, said)
    if not after:
        run.unchanged(Kind.PROFILE)
        return
    with run.item(Kind.PROFILE, record.where, Outcome.CREATED if is_new else Outcome.CHANGED):
        profile.updated_at = run.now
        profile.save()
        run.record(Action.SUPPORT_PROFILE_CHANGED, before=before, after=after)


def _written_by_import(run: Run) -> bool:
    latest = (
        AuditEvent.objects.filter(
            organisation=run.partner.organisation, action=Action.SUPPORT_PROFILE_CHANGED
        )
        .order_by("-at", "-pk")
        .first()
    )
    return latest is not None and latest.channel == Channel.IMPORT
