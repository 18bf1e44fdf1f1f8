"""The portal's addresses as they are with OPERATOR_ADMIN=1."""

from portal import urls

handler400, handler403, handler404, handler500 = (
    urls.handler400,
    urls.handler403,
    urls.handler404,
    urls.handler500,
)
urlpatterns = [*urls.urlpatterns, *urls.operators_pages(mounted=True)]
