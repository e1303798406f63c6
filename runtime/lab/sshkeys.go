package lab

import (
	"net/url"
	"strings"

	"golang.org/x/crypto/ssh"
)

// checkKeys refuses what ssh-keygen would not read: each line is a key as in
// authorized_keys, with its options.
func checkKeys(text string) error {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
			return errorf(500, "SSH public key validation error")
		}
	}
	return nil
}

// checkCloudKeys is checkKeys for the option sshkeys, which is encoded once more.
func checkCloudKeys(text string) error {
	keys, err := url.PathUnescape(text)
	if err != nil {
		return nil // its format is checked elsewhere
	}
	return checkKeys(keys)
}
