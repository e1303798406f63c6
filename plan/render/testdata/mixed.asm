plan 1 reconcile "shop" site="5b4c" on_error=stop
host "father" node="pve1" fingerprint="AA:BB" io=4
host "shop/root-pve" parent="shop/root-pve" node="root-pve" io=4
change shop/root-pve update differs host="father" vmid=99011 uuid="00000000-0000-5000-8000-000000000001" kind=pve {
  attr "cores" from="2" to="4" reboot
  attr "tags" to="hs-shop" live
}
change shop/root-pve/web create absent host="shop/root-pve" vmid=99021 uuid="00000000-0000-5000-8000-000000000001" kind=vm {
  attr "cores" to="2" live
  attr "image" to="debian-12" live
  attr "memory" to="2048" live
  attr "scsi0.size" to="10737418240" live
}
change shop/mail none present host="father" vmid=99041 uuid="00000000-0000-5000-8000-000000000001" kind=vm
change shop/db delete removed host="father" vmid=99031 uuid="00000000-0000-5000-8000-000000000001" kind=vm {
  stake "local-lvm:vm-99031-disk-0"
  stake "local-lvm:vm-99031-disk-1"
}
step aaaaaaaa Guest.Configure shop/root-pve host="father" phase=create executor="driver" reason="differs" deadline=60 {
  arg "cores" "4"
  arg "description" late marker "shop/root-pve"
}
step bbbbbbbb Guest.Reboot shop/root-pve host="father" phase=create executor="driver" reason="differs" risk=downtime deadline=60 {
  arg "keys" list "cores"
  after aaaaaaaa
}
step cccccccc Image.Fetch "" host="shop/root-pve" phase=create executor="driver" reason="absent" deadline=60 {
  after bbbbbbbb
}
step dddddddd Guest.Delete shop/db host="father" phase=destroy executor="driver" reason="removed" risk=data-loss deadline=60 {
}
