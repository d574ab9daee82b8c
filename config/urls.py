"""All addresses."""

from django.contrib import admin
from django.urls import include, path

handler500 = "annotator.views.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("api.urls")),
    path("", include("annotator.urls")),
]
