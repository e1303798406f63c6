# Hosts that are made first, and the same machines in each of them.
#
#   module "rack" {
#     source = "stdlib:tiered"
#     hosts  = 2
#     guests = 3
#   }
#
# makes rack-host-1 with rack-guest-1-1, rack-guest-1-2 and rack-guest-1-3 inside,
# and rack-host-2 with rack-guest-2-1 to rack-guest-2-3.

variable "hosts" {
  type        = number
  default     = 2
  description = "How many hosts there are."

  validation {
    condition     = var.hosts >= 1
    error_message = "There has to be a host."
  }
}

variable "guests" {
  type        = number
  default     = 2
  description = "How many machines each host has."

  validation {
    condition     = var.guests >= 0
    error_message = "There cannot be fewer than none."
  }
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

variable "guest_spec" {
  type        = string
  default     = "base"
  description = "What the machines become."
}

variable "guest_preset" {
  type        = string
  default     = "vm-small"
  description = "Size of the machines."
}

manifest "tiered" {
  description = "Hosts, and the same machines in each of them."

  node "host" {
    count  = var.hosts
    type   = "pve"
    spec   = var.host_spec
    preset = var.host_preset

    node "guest" {
      count  = var.guests
      spec   = var.guest_spec
      preset = var.guest_preset
    }
  }
}
