"""OpenTofu with the provider Mastercard/restapi, on the same definitions and the same server.

Where `tofu` is on the PATH it plans what we plan. Its state is made by hand, since the API's audiences are
there already.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAIN = """\
terraform {
  required_providers {
    restapi = { source = "Mastercard/restapi", version = "~> 3.0" }
  }
}
variable "base_url" { type = string }
provider "restapi" {
  uri                  = var.base_url
  headers              = { "X-API-Key" = "sk_benchmark" }
  update_method        = "PATCH"
  write_returns_object = true
}
locals {
  files     = fileset("${path.module}/audiences.d", "*.yaml")
  audiences = { for name in local.files : name => yamldecode(file("${path.module}/audiences.d/${name}")) }
}
resource "restapi_object" "audience" {
  for_each     = local.audiences
  path         = "/v1/intent/audiences"
  id_attribute = "data/id"
  object_id    = each.value.id
  data         = jsonencode({ for key in ["name", "status", "config"] : key => each.value[key] })
}
import {
  for_each = local.audiences
  to       = restapi_object.audience[each.key]
  id       = "/v1/intent/audiences/${each.value.id}"
}
"""


def is_there() -> bool:
    """Return whether there is an OpenTofu to measure."""
    return shutil.which("tofu") is not None


def prepare(folder: Path) -> tuple[str, ...]:
    """Write a configuration, have the provider installed, and return the command that plans."""
    (folder / "main.tf").write_text(_MAIN, "utf-8")
    subprocess.run(["tofu", "init", "-input=false"], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S607
    script = 'exec tofu plan -input=false -refresh=true -var "base_url=$LEADPIPE_BASE_URL"'
    return ("sh", "-c", script)


def describe() -> str:
    """Say which OpenTofu is measured beside us, or that none is."""
    if not is_there():
        return "OpenTofu is not on the PATH, so it is not measured beside us."
    said = subprocess.run(["tofu", "version", "-json"], capture_output=True, check=True).stdout  # noqa: S607
    return f"OpenTofu {json.loads(said)['terraform_version']} plans the same."
