from typing import Any, ClassVar

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Capability
from core import errors
from core.api import fields
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import queries, services
from inventory.api.serializers.attachments import AttachmentInput, AttachmentSerializer
from inventory.models import Attachment
from system.api.views import show_file

NAMED = [OpenApiParameter("attachment", OpenApiTypes.UUID, OpenApiParameter.PATH)]


class DocumentViewSet(AccountViewSet):
    """Documents of one kind, with the photos and papers of each: whoever sees the document sees them."""

    read_capability = Capability.STOCK_READ
    module = "inventory"
    feature = "inventory"
    exactly_once = True
    input_classes: ClassVar[Inputs] = {"attach": AttachmentInput}

    @extend_schema(responses=AttachmentSerializer(many=True), filters=False)
    @action(detail=True)
    def attachments(self, request: AccountRequest, pk: str) -> Response:
        """What is attached, in the order in which it was."""
        shown: Any = AttachmentSerializer(many=True)
        return Response(shown.to_representation(queries.find_attachments(self.get_object())))

    @extend_schema(responses={201: AttachmentSerializer})
    @attachments.mapping.post
    def attach(self, request: AccountRequest, pk: str) -> Response:
        """Attach a file that was sent to `system/files/` before: at most 5 MB each, and ten to a document."""
        return self.act(
            services.attach_file,
            document=self.get_locked_object,
            status=http.HTTP_201_CREATED,
            shown_by=AttachmentSerializer,
        )

    @extend_schema(parameters=NAMED, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="attachments/(?P<attachment>[^/]+)")
    def attachment(self, request: AccountRequest, pk: str, attachment: str) -> FileResponse:
        """The file itself, to be saved."""
        return show_file(self._attachment_of(self.get_object()).file)

    def _attachment_of(self, document: Any) -> Attachment:
        try:
            named = fields.read_id(self.kwargs["attachment"])
        except ValueError:
            raise errors.NotFound from None
        attachment: Attachment | None = queries.find_attachments(document).filter(pk=named).first()
        if attachment is None:
            raise errors.NotFound
        return attachment


class OpenDocumentViewSet(DocumentViewSet):
    """Documents that are opened first and booked later; until then, what is attached can be taken off."""

    @extend_schema(parameters=NAMED, request=None, responses={204: None})
    @DocumentViewSet.attachment.mapping.delete  # which routers leave out where there is no `detach`
    def detach(self, request: AccountRequest, pk: str, attachment: str) -> Response:
        """Take it off a document that is not decided or booked yet; from then on it stays."""
        document = self.get_locked_object()
        return self.act(services.remove_attachment, document=document, attachment=self._attachment_of(document))
