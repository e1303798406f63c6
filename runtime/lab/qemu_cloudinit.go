package lab

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/sim"
	"github.com/homestak/homestak/runtime/seed"
)

// seedSize is how large PVE makes the volume of a generated seed.
const seedSize = 4 << 20

// Options that the API shows as those of cloud-init.
var cloudInitOptions = []string{"cicustom", "cipassword", "citype", "ciupgrade", "ciuser", "nameserver", "searchdomain", "sshkeys"}

// inSeed reports whether an option's value is written on the seed.
func inSeed(option string) bool {
	base, _, _ := splitSlot(option)
	return option == "name" || base == "ipconfig" || slices.Contains(cloudInitOptions, option)
}

// seedDrive is the slot of the drive with the generated seed, "" for none.
func seedDrive(config map[string]string) string {
	for _, slot := range sortedSlots(config) {
		if isDriveSlot(slot) && isCloudInit(parseDrive(slot, config[slot])["file"]) {
			return slot
		}
	}
	return ""
}

// wantsSeed is the storage of a drive "STORAGE:cloudinit".
func wantsSeed(file string) (storage string, ok bool) {
	return strings.CutSuffix(file, ":cloudinit")
}

// oneSeed fails when a change would give a guest a second seed.
func (v *vm) oneSeed(ch change) error {
	have := ""
	for _, slot := range sortedSlots(v.next()) {
		if isDriveSlot(slot) && isCloudInit(parseDrive(slot, v.next()[slot])["file"]) && !slices.Contains(ch.unset, slot) {
			have = slot
		}
	}
	for _, slot := range sortedSlots(ch.set) {
		if !isDriveSlot(slot) {
			continue
		}
		if _, ok := wantsSeed(parseDrive(slot, ch.set[slot])["file"]); ok {
			if have != "" && have != slot {
				return fmt.Errorf("cloud-init drive is already attached at '%s'", have)
			}
			have = slot
		}
	}
	return nil
}

// makeSeedVolume makes the empty volume of a cloud-init drive.
func (l *Lab) makeSeedVolume(node string, vmid uint, store string, o object, logf func(string, ...any)) (*volume, error) {
	s := l.storageNamed(node, store)
	if s == nil {
		return nil, fmt.Errorf("storage '%s' does not exist", store)
	}
	at := spot{storage: s, vmid: vmid, stem: fmt.Sprintf("vm-%d-cloudinit", vmid), format: "raw"}
	if s.files() && o["format"] != "raw" {
		at.format = "qcow2"
	}
	if err := l.dropStale(at); err != nil {
		return nil, err
	}
	v, err := l.makeVolume(at, content{size: seedSize})
	if err != nil {
		return nil, err
	}
	v.logMade(logf)
	o["file"], o["media"] = v.id(), "cdrom"
	delete(o, "format")
	delete(o, "size")
	return v, nil
}

// generate writes the seed of a guest that has a drive for it; the caller holds
// its lock file. What the seed says is what the configuration says now.
func (l *Lab) generate(v *vm) error {
	slot := seedDrive(v.Config)
	if slot == "" {
		return nil
	}
	l.mu.Lock()
	vol := l.findVolume(v.Node, parseDrive(slot, v.Config[slot])["file"])
	l.mu.Unlock()
	if vol == nil {
		return nil // the start says so
	}
	files, err := l.seedFiles(v)
	if err != nil {
		return err
	}
	disk, err := seed.Image(files)
	if err != nil {
		return err
	}
	if err := vol.storage.disk.replace(vol.file(), disk); err != nil {
		return err
	}
	v.Stale = nil
	return l.saveConfig(v)
}

// seedFiles are the contents of a guest's seed, its own files in place of the
// generated ones.
func (l *Lab) seedFiles(v *vm) (*seed.Files, error) {
	f := &seed.Files{
		UserData: []byte(cloudUser(v.VMID, v.Config)), NetworkConfig: []byte(cloudNetwork(v.Config)),
	}
	for _, part := range splitList(v.Config["cicustom"]) {
		kind, volid, _ := strings.Cut(part, "=")
		data, err := l.snippet(v.Node, volid)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "user":
			f.UserData = data
		case "network":
			f.NetworkConfig = data
		case "meta":
			f.MetaData = data
		}
	}
	if f.MetaData == nil {
		f.MetaData = []byte(cloudMeta(f))
	}
	return f, nil
}

// snippet reads a file that somebody has put on the node's storage.
func (l *Lab) snippet(node, volid string) ([]byte, error) {
	store, name, _ := splitVolumeID(volid)
	missing := fmt.Errorf("volume '%s' does not exist", volid)
	s := l.storageNamed(node, store)
	if s == nil {
		return nil, fmt.Errorf("storage '%s' does not exist", store)
	}
	file, ok := strings.CutPrefix(name, "snippets/")
	if !ok || file != filepath.Base(file) {
		return nil, missing
	}
	data, err := os.ReadFile(filepath.Join(s.root, "snippets", file))
	if os.IsNotExist(err) {
		return nil, missing
	}
	return data, err
}

// remember notes what the seed of a running guest says of an option that
// changes: "" is nothing.
func (v *vm) remember(option string, before map[string]string) {
	if !inSeed(option) || before[option] == v.Config[option] {
		return
	}
	said, noted := v.Stale[option]
	switch {
	case noted && said == v.Config[option]:
		delete(v.Stale, option)
	case !noted:
		if v.Stale == nil {
			v.Stale = map[string]string{}
		}
		v.Stale[option] = before[option]
	}
}

// cloudInitList is GET …/cloudinit: the options, and what the seed says of those
// that have changed since it was generated.
func (c *call) cloudInitList() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, k := range cloudInitOptions {
		now, is := v.Config[k]
		said, stale := v.Stale[k]
		switch {
		case is && stale && said == "":
			list = append(list, map[string]any{"key": k, "pending": typed("", k, now)})
		case is && stale:
			list = append(list, map[string]any{"key": k, "value": typed("", k, said), "pending": typed("", k, now)})
		case is:
			list = append(list, map[string]any{"key": k, "value": typed("", k, now)})
		}
	}
	for _, k := range sortedKeys(v.Stale) {
		if _, is := v.Config[k]; !is {
			list = append(list, map[string]any{"key": k, "delete": 1})
		}
	}
	return list, nil
}

// cloudInitUpdate is PUT …/cloudinit: the seed is written anew, for the guest's
// next boot.
func (c *call) cloudInitUpdate() (any, error) {
	v, unlock, err := c.heldVM()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return nil, c.generate(v)
}

// cloudInitDump is GET …/cloudinit/dump: the generated files, whatever cicustom
// says.
func (c *call) cloudInitDump() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	f := &seed.Files{UserData: []byte(cloudUser(v.VMID, v.Config)), NetworkConfig: []byte(cloudNetwork(v.Config))}
	switch c.str("type") {
	case "user":
		return string(f.UserData), nil
	case "network":
		return string(f.NetworkConfig), nil
	}
	return cloudMeta(f), nil
}

var hashedPassword = regexp.MustCompile(`^\$(?:[156]|2[ay])(?:\$.+){2}`)

// hashGuestPassword is what PVE stores of a password that an update gives.
func hashGuestPassword(password string) string {
	if password == "" || hashedPassword.MatchString(password) {
		return password
	}
	return sim.Crypt([]byte(password), "$5$"+rand.Text()[:8]+"$")
}
