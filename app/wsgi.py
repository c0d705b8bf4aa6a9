"""What gunicorn serves."""

import atexit
import os
from contextlib import ExitStack

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from core import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")

if settings.EMBEDDED_SERVER is not None:
    # Held for as long as this process lives, however it was started; the kernel lets go if it dies.
    embedded = ExitStack()
    embedded.enter_context(settings.EMBEDDED_SERVER.running())
    atexit.register(embedded.close)

application = get_wsgi_application()
checks.refuse_free_role()
