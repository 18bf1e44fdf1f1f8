"""What load balancers and monitoring ask; answered by portal.probes, before there is a session."""

from django.urls import path

from portal.views import probes

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.exposition, name="metrics"),
]
