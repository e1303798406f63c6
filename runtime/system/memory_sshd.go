package system

import (
	"fmt"
	"path"
	"strings"
)

func (m *Memory) sshdFiles() sshdFiles {
	return sshdFiles{
		read: func(name string) ([]byte, error) {
			data, _, err := m.read(name)
			return data, err
		},
		list: m.list,
	}
}

// loadSSHD is sshd reading its configuration; on an error the old one stays.
func (m *Memory) loadSSHD() error {
	c, err := parseSSHD(m.sshdFiles())
	if err == nil {
		m.s.sshd = &c
	}
	return err
}

// SSHD is the configuration of the running sshd: what it read when it started
// or was last reloaded. It is false when sshd does not run.
func (m *Memory) SSHD() (SSHDConfig, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.unit("ssh.service").Active {
		return SSHDConfig{}, false
	}
	if m.s.sshd == nil && m.loadSSHD() != nil {
		return SSHDConfig{}, false
	}
	return *m.s.sshd, true
}

// AuthorizedKeys are the lines of the files that the running sshd would take
// for the user, as sshd reads them now. Files and homes that others may write
// to are left out, as StrictModes does.
func (m *Memory) AuthorizedKeys(name string) []string {
	c, running := m.SSHD()
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.user(name)
	if !ok || !running || !c.PubkeyAuthentication {
		return nil
	}
	var out []string
	for _, pattern := range c.AuthorizedKeysFiles {
		p := strings.NewReplacer("%u", u.Name, "%h", u.Home, "%%", "%").Replace(pattern)
		if p == "none" {
			continue
		}
		if !path.IsAbs(p) {
			p = path.Join(u.Home, p)
		}
		if m.strict(p, u) != nil {
			continue
		}
		data, _, err := m.read(p)
		if err != nil {
			continue
		}
		out = append(out, keyLines(data)...)
	}
	return out
}

// TrustedUserCAs are the keys whose user certificates the running sshd takes.
func (m *Memory) TrustedUserCAs() []string {
	c, running := m.SSHD()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !running || !c.PubkeyAuthentication || c.TrustedUserCAKeys == "" {
		return nil
	}
	data, _, err := m.read(c.TrustedUserCAKeys)
	if err != nil {
		return nil
	}
	return keyLines(data)
}

// strict walks from the file up to the user's home: each step must belong to
// the user or root and not be writable for anybody else.
func (m *Memory) strict(name string, u User) error {
	for p := name; ; p = path.Dir(p) {
		st, err := m.stat(p)
		if err != nil {
			return err
		}
		if st.Owner != u.Name && st.Owner != "root" || st.Mode&0o022 != 0 {
			return fmt.Errorf("bad ownership or modes for %s", p)
		}
		if p == u.Home || p == "/" {
			return nil
		}
	}
}

func keyLines(data []byte) []string {
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}
