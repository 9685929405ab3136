from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from reviews.console import account, anew, guidelines, hidden, listing, many, posts, search, views
from reviews.console.leading import (
    activity,
    behind,
    drift,
    mail,
    promises,
    quality,
    sources,
    system,
    versions,
)

app_name = "console"

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", account.Login.as_view(), name="login"),
    path("login/code", account.code, name="code"),
    path("logout/", LogoutView.as_view(next_page="console:login"), name="logout"),
    path("account/", account.account, name="account"),
    path("account/two-step", account.enrol, name="enrol"),
    path("account/two-step/off", account.unenrol, name="unenrol"),
    path("system/", system.system, name="system"),
    path("activity/", activity.page, name="activity"),
    path("hidden/", hidden.page, name="hidden"),
    path("hidden/<uuid:post_id>/words", hidden.words, name="hidden-words"),
    path("hidden/<uuid:post_id>/show", hidden.show_again, name="show-again"),
    path("hidden/<uuid:post_id>/hide", hidden.hide_again, name="hide-again"),
    path("mail/", mail.page, name="mail"),
    path("quality/", quality.page, name="quality"),
    path("promises/", promises.page, name="promises"),
    path("models/", versions.page, name="models"),
    path("models/<int:version_id>/card", versions.card, name="model-card"),
    path("models/<int:version_id>/promote", versions.promote, name="promote-model"),
    path("models/<int:version_id>/roll-back", versions.roll_back, name="roll-back-model"),
    path("models/<int:version_id>/try", versions.try_out, name="try-model"),
    path("models/<int:version_id>/stop", versions.stop, name="stop-model"),
    path("sources/", sources.page, name="sources"),
    path("drift/", drift.page, name="drift"),
    path("alarms/<int:alarm_id>/answer", sources.answer, name="answer-alarm"),
    path("depth", views.depth, name="depth"),
    path("next", views.claim, name="next"),
    path("cases/", behind.page, name="cases"),
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/verdict", views.verdict, name="verdict"),
    path("cases/<int:case_id>/renew", views.renew, name="renew"),
    path("cases/<int:case_id>/ahead", views.ahead, name="ahead"),
    path("cases/<int:case_id>/release", views.release, name="release"),
    path("cases/<int:case_id>/all", many.everything, name="everything"),
    path("cases/<int:case_id>/list", listing.put, name="list"),
    path("list-changes/<int:change_id>/undo", listing.undo, name="undo-list"),
    path("posts/<uuid:post_id>/", posts.page, name="post"),
    path("guidelines/<int:site_id>/", guidelines.page, name="guidelines"),
    path("guidelines/<int:site_id>/write", guidelines.write, name="write-guidelines"),
    path("search", search.search, name="search"),
    path("search/saved", search.save, name="save-search"),
    path("search/saved/forget", search.forget, name="forget-search"),
    path("many/", many.actions, name="actions"),
    path("many/<int:action_id>/", many.action, name="action"),
    path("many/<int:action_id>/undo", many.undo, name="undo-action"),
    path("verdicts/<int:verdict_id>/undo", views.undo, name="undo"),
    path("verdicts/<int:verdict_id>/anew", anew.page, name="anew"),
]
