"""`python -m tenantable.cli` is the command too."""

import sys

from tenantable.cli import main

sys.exit(main())
