"""Attributes that an application gives to a request or a response, as `request.user`: they go with it."""

import sys

if sys.implementation.name == 'micropython':
    Extensible = object  # all objects take attributes

    def drop_attributes(extensible):
        """Do nothing: MicroPython cannot tell them from others. They stay until they are set again."""

else:

    class Extensible:
        """Takes attributes of the application's, and tells the connection, which drops them with the request.

        A subclass names its own attributes in __slots__, and its HttpConnection `_connection`.
        """

        __slots__ = ('__dict__',)

        def __setattr__(self, name, value):
            object.__setattr__(self, name, value)
            if name not in _own_names:
                self._connection.has_attributes = True

    _own_names = {'Response', '_connection', '_content', '_form', '_reader', '_mws2', 'parser', '_request', 'answer'}

    def drop_attributes(extensible):
        """Drop the application's attributes. extensible: Extensible."""
        extensible.__dict__.clear()
