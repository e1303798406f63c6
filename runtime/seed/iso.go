package seed

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/kdomanski/iso9660"
)

// Layout of the volume, in sectors: 16 of system area, the primary volume
// descriptor, the terminator, the root directory, then the files. The library
// encodes the records; placing them is done here, because its own writer
// stages files (a host key among them) in a temporary directory and stamps the
// clock.
const (
	sector        = 2048
	firstSector   = 16
	rootSector    = firstSector + 2
	maxImage      = 4 << 20
	maxFile       = 1 << 20
	maxEntries    = 64
	maxDirectory  = 16 * sector
	flagDirectory = 2
)

// epoch is the time every record carries.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

type member struct {
	name string
	data []byte
}

// Image is the disk with the files of a seed: an ISO9660 volume labelled cidata.
// Parse reads it back.
func Image(f *Files) ([]byte, error) {
	members := []member{{"meta-data", f.MetaData}}
	if f.NetworkConfig != nil {
		members = append(members, member{"network-config", f.NetworkConfig})
	}
	members = append(members, member{"user-data", f.UserData})

	next := rootSector + 1
	root := record("\x00", rootSector, sector, true)
	parent := record("\x01", rootSector, sector, true)
	dir := []*iso9660.DirectoryEntry{root, parent}
	for _, m := range members {
		dir = append(dir, record(m.name+";1", next, len(m.data), false))
		next += sectors(len(m.data))
	}
	out := make([]byte, next*sector)
	if len(out) > maxImage {
		return nil, codeImpossible.Errorf("a seed would be larger than %d bytes", maxImage)
	}

	at := rootSector * sector
	for _, d := range dir {
		raw, err := d.MarshalBinary()
		if err != nil {
			return nil, codeImpossible.Errorf("a seed's directory cannot be encoded")
		}
		at += copy(out[at:], raw)
	}
	at = (rootSector + 1) * sector
	for _, m := range members {
		copy(out[at:], m.data)
		at += sectors(len(m.data)) * sector
	}

	stamp := iso9660.VolumeDescriptorTimestampFromTime(epoch)
	pvd, err := iso9660.PrimaryVolumeDescriptorBody{
		SystemIdentifier: "LINUX", VolumeIdentifier: Label, VolumeSpaceSize: int32(next),
		VolumeSetSize: 1, VolumeSequenceNumber: 1, LogicalBlockSize: sector,
		RootDirectoryEntry: root, ApplicationIdentifier: "homestak", FileStructureVersion: 1,
		VolumeCreationDateAndTime: stamp, VolumeModificationDateAndTime: stamp, VolumeEffectiveDateAndTime: stamp,
	}.MarshalBinary()
	if err != nil {
		return nil, codeImpossible.Errorf("a seed's volume cannot be encoded")
	}
	copy(out[firstSector*sector:], pvd)
	copy(out[firstSector*sector:], "\x01CD001\x01")
	copy(out[(firstSector+1)*sector:], "\xffCD001\x01")
	return out, nil
}

func record(name string, at, size int, dir bool) *iso9660.DirectoryEntry {
	d := &iso9660.DirectoryEntry{
		ExtentLocation: int32(at), ExtentLength: uint32(size), VolumeSequenceNumber: 1,
		RecordingDateTime: iso9660.RecordingTimestamp(epoch), Identifier: name,
	}
	if dir {
		d.FileFlags = flagDirectory
	}
	return d
}

func sectors(n int) int { return (n + sector - 1) / sector }

// Parse reads a seed disk. It takes any ISO9660 volume labelled cidata (in
// either case) of at most 4 MiB with user-data and meta-data in its root;
// names are compared as Linux shows them: Rock Ridge's, else without version and
// in lower case.
// It never reads outside the given bytes and its cost is bounded by them.
func Parse(disk []byte) (*Files, error) {
	bad := func(why string) (*Files, error) {
		d := codeNotSeed.Errorf("a disk is not a readable seed: %s", why)
		d.Help = "build the seed again"
		return nil, d
	}
	if len(disk) > maxImage {
		return bad("it is larger than 4 MiB")
	}
	pvd := block(disk, firstSector*sector, sector)
	if pvd == nil || !bytes.Equal(pvd[:7], []byte("\x01CD001\x01")) {
		return bad("it is no ISO9660 volume")
	}
	if !strings.EqualFold(strings.TrimRight(string(pvd[40:72]), " \x00"), Label) {
		return bad("its label is not " + Label)
	}
	if binary.LittleEndian.Uint16(pvd[128:]) != sector {
		return bad("its blocks are not 2048 bytes long")
	}
	root, ok := readEntry(pvd[156:190])
	if !ok || !root.dir || root.size > maxDirectory {
		return bad("its root directory is damaged")
	}
	list := block(disk, root.at*sector, root.size)
	if list == nil {
		return bad("its root directory is cut off")
	}
	var f Files
	seen := map[string]bool{}
	for at, n := 0, 0; at < len(list); {
		length := int(list[at])
		if length == 0 { // records do not cross sectors
			at = (at/sector + 1) * sector
			continue
		}
		if n++; n > maxEntries || at+length > len(list) || at/sector != (at+length-1)/sector {
			return bad("its root directory is damaged")
		}
		e, ok := readEntry(list[at : at+length])
		if !ok {
			return bad("its root directory is damaged")
		}
		at += length
		slot := map[string]*[]byte{"user-data": &f.UserData, "meta-data": &f.MetaData, "network-config": &f.NetworkConfig}[e.name]
		if slot == nil || e.dir {
			continue
		}
		data := block(disk, e.at*sector, e.size)
		if data == nil || e.size > maxFile || seen[e.name] {
			return bad(e.name + " is cut off, too large or there twice")
		}
		seen[e.name] = true
		*slot = bytes.Clone(data)
	}
	if f.UserData == nil || f.MetaData == nil {
		return bad("user-data or meta-data is missing")
	}
	return &f, nil
}

// block is disk[at:at+n], nil when that is not all there.
func block(disk []byte, at, n int) []byte {
	if at < 0 || n < 0 || at > len(disk) || n > len(disk)-at {
		return nil
	}
	return disk[at : at+n]
}

type entry struct {
	name     string
	at, size int
	dir      bool
}

// readEntry decodes one directory record (ECMA-119, 9.1), whose length byte
// must be the length of raw or less.
func readEntry(raw []byte) (entry, bool) {
	if len(raw) < 34 || int(raw[0]) > len(raw) || raw[0] < 34 {
		return entry{}, false
	}
	at, size, n := binary.LittleEndian.Uint32(raw[2:]), binary.LittleEndian.Uint32(raw[10:]), int(raw[32])
	if at > maxImage/sector || size > maxImage || 33+n > int(raw[0]) ||
		binary.BigEndian.Uint32(raw[6:]) != at || binary.BigEndian.Uint32(raw[14:]) != size {
		return entry{}, false
	}
	name, _, _ := strings.Cut(string(raw[33:33+n]), ";")
	area := min(33+n+(n+1)%2, int(raw[0])) // after the name, at an even offset
	if long := rockRidge(raw[area:raw[0]]); long != "" {
		name = long
	}
	return entry{
		name: strings.ToLower(strings.TrimSuffix(name, ".")),
		at:   int(at), size: int(size), dir: raw[25]&flagDirectory != 0,
	}, true
}

// rockRidge is the name that a record's system use area gives it beside the
// short one, as other makers of seeds do; "" when there is none.
func rockRidge(area []byte) string {
	var name []byte
	for len(area) >= 4 {
		n := int(area[2])
		if n < 4 || n > len(area) {
			break
		}
		if string(area[:2]) == "NM" && n > 5 {
			name = append(name, area[5:n]...)
		}
		area = area[n:]
	}
	return string(name)
}
