# What machines become. A file sees its own variables and locals only.

locals {
  # Who lives here.
  admin = {
    name = "pat"
    sudo = true
  }
}

# Between dev and prod: keys only, no root over SSH, nobody keeps guessing
# passwords, and sudo does not ask the one person who lives here.
posture "home" {
  auth {
    method = "network"
  }

  ssh {
    permit_root_login       = "no"
    password_authentication = "no"
  }

  sudo {
    nopasswd = true
  }

  fail2ban {
    enabled = true
  }
}

# What every machine here is, unless it says otherwise. The library has a spec
# of this name, too: this one takes its place.
spec "base" {
  access {
    posture = posture.home
    users   = [local.admin]
  }

  platform {
    packages = ["curl", "rsync"]
  }
}

# A resolver for the house.
spec "dns" {
  access {
    posture = posture.home
    users   = [local.admin]
  }

  platform {
    packages = ["unbound"]

    services {
      enable = ["unbound"]
    }
  }
}

# A web server, and somebody who may change its pages and nothing else.
spec "web" {
  access {
    posture = posture.home

    user "pat" {
      sudo = true
    }

    user "editor" {}
  }

  platform {
    packages = ["nginx", "git"]

    services {
      enable = ["nginx"]
    }
  }
}
