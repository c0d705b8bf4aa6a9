from typing import ClassVar

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api.views.declared import PublicView
from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api.parsers import UploadParser
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from system import links, services
from system.api import serializers
from system.models import PrivateFile, Task


class FileViewSet(AccountViewSet):
    """What a member brings along, to name it in a later request: a table to import, the photo of what broke."""

    write_capability = Capability.FILE_ADD
    feature = "inventory"
    parser_classes = (UploadParser,)
    serializer_class = serializers.FileSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.FileInput}

    def rows(self, account: Account) -> QuerySet[PrivateFile]:
        return account.private_files.filter(kept_by=self.request.membership)

    def create(self, request: AccountRequest) -> Response:
        """Send the bytes as `file` of a multipart form. What is not asked for within a day is removed."""
        return self.act(services.keep_file, status=http.HTTP_201_CREATED)


class TaskViewSet(AccountViewSet):
    """What goes on in the background, newest first. Ask again after a second or two while it is not over."""

    read_capability = Capability.TASK_READ
    write_capability = Capability.TASK_READ
    feature = "account"
    serializer_class = serializers.TaskSerializer
    paged = ("list", "errors")

    def rows(self, account: Account) -> QuerySet[Task]:
        return account.tasks.select_related("by").order_by("-id")

    @extend_schema(responses=serializers.TaskErrorSerializer(many=True))
    @action(detail=True, serializer_class=serializers.TaskErrorSerializer)
    def errors(self, request: AccountRequest, pk: str) -> Response:
        """What was wrong with which row of what the task was given."""
        rows = self.get_object().errors.order_by("row", "id")
        page = self.paginate_queryset(rows)
        serializer = self.get_serializer(page, many=True)
        return self.get_paginated_response(serializer.data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def file(self, request: AccountRequest, pk: str) -> FileResponse:
        """What the task made, for the member who asked for it, and still may: nobody else can be taken to have their
        rights."""
        task = self.get_object()
        if task.by_id != request.membership.pk or task.file is None:
            raise errors.NotFound
        services.refuse_task(by=request.membership, task=task)
        return show_file(task.file)

    @extend_schema(request=None, responses=serializers.TaskLinkSerializer)
    @action(detail=True, methods=["post"], keeps_answers=False)
    def link(self, request: AccountRequest, pk: str) -> Response:
        """A link to what the task made, for a browser that downloads: it needs no session, and holds ten minutes."""
        return self.act(services.share_task, task=self._made_task, shown_by=serializers.TaskLinkSerializer)

    def _made_task(self) -> Task:
        task = self._own_task()
        if task.file_id is None:
            raise errors.NotFound
        return task

    @action(detail=True, methods=["post"])
    def cancel(self, request: AccountRequest, pk: str) -> Response:
        """Stop after the step that is under way; what is done stays done. Whoever asked for the task may."""
        return self.act(services.cancel_task, task=self._own_task)

    def _own_task(self) -> Task:
        task: Task = self.get_locked_object()
        if task.by_id != self.request.membership.pk:
            raise errors.NotFound
        return task


class LinkedFileView(PublicView):
    """What a task made, for whoever has the link."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: AccountRequest, token: str) -> FileResponse:
        """The file; 404 for a link that is not ours or has expired."""
        response = show_file(links.follow(token))
        response["Referrer-Policy"] = "no-referrer"
        return response


def show_file(file: PrivateFile) -> FileResponse:
    """The bytes, never to be shown as a page of ours."""
    response = FileResponse(file.content.open(), as_attachment=True, filename=file.name, content_type=file.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    return response
