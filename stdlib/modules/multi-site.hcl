# Several sites of one shape: a host each, with a gateway that knows the gateways
# of all other sites, and machines behind it.
#
#   module "shops" {
#     source = "stdlib:multi-site"
#     sites  = { berlin = 3, hamburg = 2 }
#   }
#
# makes shops-host-berlin with shops-gateway-berlin and shops-app-berlin-1 to
# shops-app-berlin-3 inside, and the same for hamburg. The gateways are peers.

variable "sites" {
  type        = map(number)
  description = "How many machines each site has, by the name of the site."

  validation {
    condition     = length(var.sites) > 0
    error_message = "There has to be a site."
  }
}

variable "app_spec" {
  type        = string
  default     = "base"
  description = "What the machines become."
}

variable "app_preset" {
  type        = string
  default     = "vm-small"
  description = "Their size."
}

variable "gateway_spec" {
  type        = string
  default     = "base"
  description = "What the gateways become."
}

variable "gateway_preset" {
  type        = string
  default     = "vm-xsmall"
  description = "Size of the gateways."
}

variable "host_spec" {
  type        = string
  default     = "pve"
  description = "What the hosts become: a spec with Proxmox VE."
}

variable "host_preset" {
  type        = string
  default     = "vm-large"
  description = "Size of the hosts."
}

manifest "multi-site" {
  description = "Sites of one shape whose gateways know each other."

  node "host" {
    for_each = var.sites
    type     = "pve"
    spec     = var.host_spec
    preset   = var.host_preset

    node "gateway" {
      spec   = var.gateway_spec
      preset = var.gateway_preset
      peers  = ["gateway-*"]
    }

    node "app" {
      count      = each.value
      spec       = var.app_spec
      preset     = var.app_preset
      depends_on = [node.gateway]
    }
  }
}
