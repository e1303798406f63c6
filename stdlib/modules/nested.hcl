# A Proxmox VE host inside a Proxmox VE host, and machines inside that: what to
# rehearse a real site in.
#
#   module "lab" {
#     source = "stdlib:nested"
#     guests = 2
#   }
#
# makes lab-outer, lab-inner inside of it, and lab-guest-1 and lab-guest-2 inside
# of that.

variable "guests" {
  type        = number
  default     = 1
  description = "How many machines the inner host has."

  validation {
    condition     = var.guests >= 0
    error_message = "There cannot be fewer than none."
  }
}

variable "guest_spec" {
  type        = string
  default     = "base"
  description = "What these become."
}

variable "guest_preset" {
  type        = string
  default     = "vm-xsmall"
  description = "Their size."
}

variable "outer_preset" {
  type        = string
  default     = "vm-xlarge"
  description = "Size of the outer host, which has room for the inner one."
}

variable "inner_preset" {
  type        = string
  default     = "vm-large"
  description = "Size of the inner host."
}

variable "host_spec" {
  type        = string
  default     = "pve"
  description = "What both hosts become: a spec with Proxmox VE."
}

manifest "nested" {
  description = "A host inside a host, and machines inside that."

  node "outer" {
    type   = "pve"
    spec   = var.host_spec
    preset = var.outer_preset

    node "inner" {
      type   = "pve"
      spec   = var.host_spec
      preset = var.inner_preset

      node "guest" {
        count  = var.guests
        spec   = var.guest_spec
        preset = var.guest_preset
      }
    }
  }
}
