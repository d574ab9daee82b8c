"""Who belongs to a project's team."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, Membership, Project, Role
from annotator.services.audit import record


@transaction.atomic
def give_role(*, project: Project, username: str, role: str, by: Annotator | None) -> Membership:
    """Let an account take part in the team; who is in it already gets the new role.

    The account may open the administration from now on; there it sees its own projects alone.
    """
    Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    if role not in Role.values:
        raise Refused("role", _("Choose a role."), fields={"role": _("Choose a role.")})
    account = Annotator.objects.filter(username=username, is_active=True).first()
    if account is None:
        sentence = _("There is no account of this name.")
        raise Refused("username", sentence, fields={"username": sentence})
    before = Membership.objects.filter(project=project, annotator=account).first()
    if before and before.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(before)
    membership, _made = Membership.objects.update_or_create(
        project=project, annotator=account, defaults={"role": role}
    )
    Annotator.objects.filter(pk=account.pk, is_staff=False).update(is_staff=True)
    record(
        project=project,
        action=AuditEvent.Action.MEMBER,
        by=by,
        subject=f"#{account.pk}",
        role=role,
        before=before.role if before else "",
    )
    return membership


@transaction.atomic
def end_membership(*, project: Project, membership_id: int, by: Annotator | None) -> None:
    """Take an account out of the team; a project keeps at least one owner."""
    Project.objects.select_for_update(of=("self",)).get(pk=project.pk)
    membership = Membership.objects.filter(project=project, pk=membership_id).first()
    if membership is None:
        return
    _keep_an_owner(membership)
    record(
        project=project,
        action=AuditEvent.Action.MEMBER,
        by=by,
        subject=f"#{membership.annotator_id}",
        role="",
        before=membership.role,
    )
    membership.delete()


def _keep_an_owner(leaving: Membership) -> None:
    others = Membership.objects.filter(project=leaving.project_id, role=Role.OWNER)
    if leaving.role == Role.OWNER and not others.exclude(pk=leaving.pk).exists():
        sentence = _("A project needs an owner. Make somebody else an owner first.")
        raise Refused("last_owner", sentence, fields={"role": sentence})
