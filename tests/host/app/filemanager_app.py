"""The example examples/filemanager, for the folder and port of the tests' settings."""

import sys

import testbed

sys.path.append(testbed.SETTINGS['examples'])

import filemanager  # noqa: E402

filemanager.register(testbed.SETTINGS['root'])
testbed.main()
