"""Getting in and out, and what every page's frame posts to."""

from django.urls import path

urlpatterns: list = []
