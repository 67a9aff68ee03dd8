"""Adds a default page and a MIME type."""

import testbed
from MicroWebSrv2 import MicroWebSrv2

MicroWebSrv2.AddDefaultPage('home.html')
MicroWebSrv2.AddMimeType('.unknown', 'application/x-unknown')

testbed.main()
