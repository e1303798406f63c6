// Package stdlib is what every site gets without writing it: sizes, security
// postures, the two specs upstream homestak ships, and a catalogue of images.
//
// In: nothing. Out: Files, a tree of YAML files laid out like a site
// (presets/, postures/, specs/, images/) that the compiler loads below the
// site's own files, so a site file of the same name wins; and Builtin, the
// bytes of the catalogue's images. It never reads the machine it runs on.
//
// # Builtin images
//
// The lab needs images that are real bytes (uploaded, checksummed, stored,
// imported) without carrying operating systems around. A builtin image is 64
// KiB: a text header that says which system a guest made from it boots, then
// zeros.
//
//	homestak builtin image 1        the first line, always
//	name: debian-12                 then one "key: value" a line, in this order
//	os: debian-12                   system that boots: debian-12, debian-13, pve-9
//	format: raw                     format of the volume; tar.zst of a container template
//	virtual-size: 3221225472        bytes the guest's disk has before it is grown
//	host-ready: false               Proxmox VE is installed in it
//	                                an empty line ends the header
//	\0\0\0…                         up to 65,536 bytes
//
// Real hosts never see them: a site gives an image a URL and a checksum in its
// own images/ directory.
package stdlib
