# A site at the edge: one host, a gateway that is up before everything else, and
# the machines behind it, each called by what it does.
#
#   module "shop" {
#     source = "stdlib:edge"
#     apps   = { till = "pos", camera = "base" }
#     bridge = "vmbr1"
#   }
#
# makes shop-host with shop-gateway, shop-app-till and shop-app-camera inside.

variable "apps" {
  type        = map(string)
  default     = { app = "base" }
  description = "The machines behind the gateway: what each becomes, by name."
}

variable "app_preset" {
  type        = string
  default     = "vm-small"
  description = "Their size."
}

variable "gateway_spec" {
  type        = string
  default     = "base"
  description = "What the gateway becomes."
}

variable "gateway_preset" {
  type        = string
  default     = "vm-xsmall"
  description = "Size of the gateway."
}

variable "host_spec" {
  type        = string
  default     = "pve"
  description = "What the host becomes: a spec with Proxmox VE."
}

variable "host_preset" {
  type        = string
  default     = "vm-large"
  description = "Size of the host."
}

variable "bridge" {
  type        = string
  default     = null
  description = "Bridge of the host that the machines are on; by default the site's."
}

manifest "edge" {
  description = "One host, a gateway, and the machines behind it."

  node "host" {
    type   = "pve"
    spec   = var.host_spec
    preset = var.host_preset

    node "gateway" {
      spec   = var.gateway_spec
      preset = var.gateway_preset

      network {
        bridge = var.bridge
      }
    }

    node "app" {
      for_each   = var.apps
      spec       = each.value
      preset     = var.app_preset
      depends_on = [node.gateway]

      network {
        bridge = var.bridge
      }
    }
  }
}
