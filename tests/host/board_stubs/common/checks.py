"""What the stubs of the network share: how arguments must look, and a record of the calls."""

calls = []


def note(name, *args):
    """Keeps a call."""
    calls.append((name,) + args)


def need(right, what):
    """Raises ValueError for a wrong argument."""
    if not right:
        raise ValueError(what)


def is_ip(text):
    """Tells whether a value is an IPv4 address as text."""
    parts = text.split('.') if isinstance(text, str) else ()
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


def check_static(value):
    """Checks what ifconfig() takes: four addresses."""
    need(isinstance(value, tuple) and len(value) == 4 and all(is_ip(part) for part in value), 'ifconfig')


def check_key(key):
    """Checks a WPA2 password."""
    need(isinstance(key, str) and 8 <= len(key) <= 63, 'password')


def check_ssid(ssid):
    """Checks the name of a Wi-Fi network."""
    need(isinstance(ssid, str) and 1 <= len(ssid) <= 32, 'ssid')
