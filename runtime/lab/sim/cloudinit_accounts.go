package sim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/homestak/homestak/runtime/system"
)

// hostname sets the host name and, if asked, its line in /etc/hosts.
func (c *cloudInit) hostname(ctx context.Context, u *userData, meta metaData) {
	fqdn := u.FQDN
	name := u.Hostname
	for _, n := range []string{u.FQDN, meta.LocalHostname, meta.Hostname} {
		if name == "" {
			name = n
		}
	}
	name, domain, _ := strings.Cut(name, ".")
	if fqdn == "" && domain != "" {
		fqdn = name + "." + domain
	}
	if name != "" && !u.PreserveHostname {
		c.fail("set_hostname", c.os.SetHostname(ctx, name))
	}
	mode := fmt.Sprint(u.ManageEtcHosts)
	if name == "" || mode != "true" && mode != "localhost" && mode != "template" {
		return
	}
	line := "127.0.1.1 " + name
	if fqdn != "" && fqdn != name {
		line = "127.0.1.1 " + fqdn + " " + name
	}
	old, _, err := c.os.ReadFile(ctx, "/etc/hosts")
	if err != nil && !errors.Is(err, system.ErrNotExist) {
		c.fail("update_etc_hosts", err)
		return
	}
	var lines []string
	for l := range strings.Lines(string(old)) {
		if l = strings.TrimSuffix(l, "\n"); !strings.HasPrefix(l, "127.0.1.1") {
			lines = append(lines, l)
		}
	}
	at := min(1, len(lines)) // below localhost
	lines = append(lines[:at], append([]string{line}, lines[at:]...)...)
	c.write(ctx, "/etc/hosts", []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func (c *cloudInit) timezone(ctx context.Context, u *userData) error {
	if u.Timezone == "" {
		return nil
	}
	return c.os.SetTimezone(ctx, u.Timezone)
}

// hostKeys drops the image's host keys, so that the instance gets its own.
func (c *cloudInit) hostKeys(ctx context.Context, u *userData) {
	if u.SSHDeleteKeys == nil || *u.SSHDeleteKeys {
		for _, f := range []string{imageHostKey, imageHostKey + ".pub"} {
			c.fail("ssh", c.os.RemoveFile(ctx, f))
		}
	}
	if u.SSHPasswordAuth != nil {
		answer := "no"
		if *u.SSHPasswordAuth {
			answer = "yes"
		}
		c.write(ctx, pwauthPath, []byte("PasswordAuthentication "+answer+"\n"), 0o600)
	}
}

// users makes the accounts. Without a users key there is the image's default
// user, debian, who gets the keys at the top of the file.
func (c *cloudInit) users(ctx context.Context, u *userData) {
	entries, standard := u.Users, u.Users == nil
	if standard {
		entries = []userEntry{u.defaultUser()}
	}
	for i, e := range entries {
		if e.Name == "default" {
			entries[i], standard = u.defaultUser(), true
		}
	}
	if !standard && len(u.AuthorizedKeys) > 0 {
		c.fail("ssh_authorized_keys", errors.New("there is no default user to give them to"))
	}
	var rules strings.Builder
	for _, e := range entries {
		if err := c.user(ctx, e); err != nil {
			c.fail("users_groups", err)
			continue
		}
		for _, rule := range e.Sudo {
			fmt.Fprintf(&rules, "%s %s\n", e.Name, rule)
		}
	}
	if rules.Len() > 0 {
		c.write(ctx, sudoersPath, []byte(rules.String()), 0o440)
	}
}

// defaultUser is the image's own user as the user data wants him.
func (u *userData) defaultUser() userEntry {
	lock := true
	e := userEntry{
		Name: "debian", Shell: "/bin/bash", LockPasswd: &lock, Groups: words{"adm,audio,cdrom,dialout,floppy,netdev,plugdev,sudo,video"},
		Sudo: words{"ALL=(ALL) NOPASSWD:ALL"}, AuthorizedKeys: u.AuthorizedKeys,
	}
	if name := strings.TrimSpace(u.User); name != "" {
		e.Name = name
	}
	if u.Password != "" {
		lock, e.HashedPasswd = false, u.Password
		if !strings.HasPrefix(u.Password, "$") {
			e.HashedPasswd = Crypt([]byte(u.Password), "$6$"+rand.Text()[:16]+"$")
		}
	}
	return e
}

func (c *cloudInit) user(ctx context.Context, e userEntry) error {
	if e.Name == "" {
		return errors.New("a user without a name")
	}
	want := system.User{Name: e.Name, Home: e.HomeDir, Shell: e.Shell}
	for _, list := range e.Groups {
		want.Groups = append(want.Groups, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	hash := e.HashedPasswd
	if hash == "" {
		hash = e.Passwd
	}
	if hash != "" {
		want.PasswordHash = hash
		if e.LockPasswd == nil || *e.LockPasswd {
			want.PasswordHash = "!" + hash
		}
	}
	if err := c.os.PutUser(ctx, want); err != nil {
		return err
	}
	if len(e.AuthorizedKeys) == 0 {
		return nil
	}
	u, err := c.os.LookupUser(ctx, e.Name)
	if err != nil {
		return err
	}
	info := system.FileInfo{Mode: 0o700, Owner: e.Name, Group: e.Name}
	if err := c.os.Mkdir(path.Join(u.Home, ".ssh"), info); err != nil {
		return err
	}
	info.Mode = 0o600
	return c.os.WriteFile(ctx, path.Join(u.Home, ".ssh/authorized_keys"), []byte(strings.Join(e.AuthorizedKeys, "\n")+"\n"), info)
}
