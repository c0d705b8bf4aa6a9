from typing import Any

from django.urls import reverse
from rest_framework import serializers

from core.api.fields import IdField, MomentField, TextField
from core.api.serializers import ModelSerializer, Serializer
from system import links
from system.models import Notification, PrivateFile, Task, TaskError


class FileInput(Serializer):
    id = IdField(required=False)
    file = serializers.FileField(max_length=1000, write_only=True)


class FileSerializer(ModelSerializer):
    class Meta:
        model = PrivateFile
        fields = ["id", "name", "content_type", "size", "created_at"]


class TaskSerializer(ModelSerializer):
    by_name = serializers.CharField(source="by.name", read_only=True)
    has_file = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = [
            *("id", "kind", "state", "done", "total", "message", "error_count", "result", "has_file"),
            *("by", "by_name", "created_at", "started_at", "ended_at"),
        ]

    def get_has_file(self, task: Any) -> bool:
        """Whether there is something to fetch."""
        return task.file_id is not None


class TaskLinkSerializer(Serializer):
    url = serializers.CharField()
    expires_at = MomentField()

    def to_representation(self, instance: Task) -> Any:
        link = links.link_to(instance)
        url = self.context["request"].build_absolute_uri(reverse("linked-file", args=[link.token]))
        return super().to_representation({"url": url, "expires_at": link.expires_at})


class TaskErrorSerializer(ModelSerializer):
    class Meta:
        model = TaskError
        fields = ["row", "field", "code", "detail"]


class NotificationSerializer(ModelSerializer):
    about = TextField(source="key", read_only=True, help_text="What it speaks of: mostly the id of a row.")

    class Meta:
        model = Notification
        fields = ["id", "kind", "about", "title", "text", "created_at", "read_at"]


class UnreadSerializer(Serializer):
    unread = serializers.IntegerField()
    maintenance = serializers.CharField(help_text="What the platform tells everybody now, if anything.")
