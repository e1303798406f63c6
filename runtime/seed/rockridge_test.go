package seed

import (
	"bytes"
	"testing"
)

// Seeds of other makers have short names in upper case and the real ones beside
// them.
func TestRockRidge(t *testing.T) {
	disk, err := Image(&Files{UserData: []byte("#cloud-config\n"), MetaData: []byte("instance-id: x\n")})
	if err != nil {
		t.Fatal(err)
	}
	dir := disk[rootSector*sector : (rootSector+1)*sector]
	var out []byte
	for at := 0; dir[at] != 0; at += int(dir[at]) {
		record := bytes.Clone(dir[at : at+int(dir[at])])
		short, ok := map[string]string{"user-data;1": "USER_DAT.;1", "meta-data;1": "META_DAT.;1"}[string(record[33:33+record[32]])]
		if ok {
			long := record[33 : 33+9]
			record = append(bytes.Clone(record[:32]), byte(len(short)))
			record = append(record, short...)
			if len(short)%2 == 0 {
				record = append(record, 0)
			}
			record = append(record, "RR\x05\x01\x81"...)
			record = append(append(record, "NM\x0e\x01\x00"...), long...)
			record[0] = byte(len(record))
		}
		out = append(out, record...)
	}
	clear(dir)
	copy(dir, out)
	f, err := Parse(disk)
	if err != nil || string(f.UserData) != "#cloud-config\n" || string(f.MetaData) != "instance-id: x\n" {
		t.Errorf("%+v, %v", f, err)
	}
}
