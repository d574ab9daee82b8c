"""Addresses of the annotators' pages."""

from django.urls import path

from annotator.views import (
    account,
    accounts,
    drafts,
    flags,
    gates,
    history,
    joining,
    panels,
    revisions,
    task,
    training,
    turns,
)

urlpatterns = [
    path("", joining.home, name="home"),
    path("login/", accounts.sign_in, name="login"),
    path("logout/", accounts.sign_out, name="logout"),
    path("language/", accounts.set_language, name="set_language"),
    path("look/", accounts.set_look, name="set_look"),
    path("account/", account.account, name="account"),
    path("account/download/", account.download, name="download"),
    path("account/delete/", account.delete, name="delete_account"),
    path("demo/login/<str:signed>/", accounts.demo_login, name="demo_login"),
    path("join/<slug:slug>/", joining.join, name="join"),
    path("projects/<slug:slug>/consent/", gates.consent, name="consent"),
    path("projects/<slug:slug>/profile/", gates.profile, name="profile"),
    path("projects/<slug:slug>/words/", gates.words, name="words"),
    path("projects/<slug:slug>/training/", training.training, name="training"),
    path("projects/<slug:slug>/languages/", account.languages, name="languages"),
    path("projects/<slug:slug>/leave/", account.leave, name="leave"),
    path("projects/<slug:slug>/instructions/", history.instructions, name="instructions"),
    path("projects/<slug:slug>/task/", task.task, name="task"),
    path("projects/<slug:slug>/task/renew/", task.renew_lease, name="renew"),
    path("projects/<slug:slug>/task/flag/", flags.flag, name="flag"),
    path("projects/<slug:slug>/drafts/", drafts.draft, name="drafts"),
    path("projects/<slug:slug>/turns/<int:turn_id>/", turns.turn, name="turn"),
    path("projects/<slug:slug>/prompt/", turns.own_prompt, name="own_prompt"),
    path("projects/<slug:slug>/done/", panels.done, name="done"),
    path("projects/<slug:slug>/history/", history.history, name="history"),
    path("projects/<slug:slug>/history/<int:judgment_id>/", revisions.revise, name="revise"),
]
