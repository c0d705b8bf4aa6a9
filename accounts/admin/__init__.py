"""The console's pages for people: who they are, where they sit, how they sign in, and what was done."""

from django.contrib import admin
from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.admin import business, seats, traces, users  # noqa: F401 - registers their pages

admin.site.unregister(Group)  # rights are in accounts/roles.py
admin.site.unregister(ProcrastinateJob)  # what goes on in the background stands in its tasks
