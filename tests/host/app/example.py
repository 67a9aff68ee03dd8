"""Starts the application of examples/ that the settings name, ``example``, as it starts itself."""

import testbed

application = __import__(testbed.SETTINGS['example'])
testbed.configure(application.server)
testbed.ready_when_listening(application.server)
application.main()
