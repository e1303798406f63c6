# What machines exist. A node inside another is spawned by it.

variable "workers" {
  description = "how many machines wait for work"
  type        = number
  default     = 3
}

variable "root_disk" {
  description = "disk of the practice hypervisor, in GiB"
  type        = number
  default     = 64
}

manifest "n1-push" {
  description = "One machine, the shortest way to see something happen"

  node "edge" {}
}

manifest "n2-push" {
  description = "A hypervisor in a machine, and a web server on it"
  pattern     = "tiered"

  node "root-pve" {
    type   = "pve"
    preset = preset.vm-large
    disk   = var.root_disk

    node "edge" {
      spec = spec.web
    }
  }
}

manifest "n3-deep" {
  description = "Three tiers, each reachable only through the one above it"
  pattern     = "tiered"

  node "root-pve" {
    type   = "pve"
    preset = preset.vm-large
    disk   = var.root_disk

    node "leaf-pve" {
      type   = "pve"
      preset = preset.vm-medium

      node "edge" {}
    }
  }
}

manifest "workers" {
  description = "A resolver first, then three workers, all at once"
  pattern     = "flat"

  settings {
    on_error = "rollback"
  }

  node "dns" {
    spec   = spec.dns
    preset = preset.vm-xsmall
    tags   = ["infra"]
  }

  node "worker" {
    count      = var.workers
    preset     = preset.vm-xsmall
    depends_on = [node.dns]
  }
}
