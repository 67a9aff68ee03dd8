"""The configuration of a device: the file `config.json` on its flash, read with defaults and clear faults.

The table below is all there is to know about a key; docs/configuration.md is made of it by tools/config_table.py.
What is wrong in the file is replaced by its default and named; nothing here raises for what stands in the file.
"""

import json

# A row: key, kind, range, default (as JSON). The comment above it is its help in docs/configuration.md; as a comment
# it takes no memory on the device. A key is at most `group.name`. null stands for the default everywhere.
#   bool; int LOW..HIGH; str LOW..HIGH characters; one A|B|C; ip (IPv4); name (a host name) LOW..HIGH characters; any;
#   ssid (name of a Wi-Fi network) LOW..HIGH bytes; secret LOW..HIGH bytes, never shown; key: a secret, or 64
#   hexadecimal digits, the key itself in IEEE 802.11. Where the default is "", the empty text is right, too.
SCHEMA = (
    # Name of the device on the network: letters, digits and hyphens.
    'hostname name 1..32 "microwebsrv2"\n'
    # Module or package that is the application: on the flash (`main.py`, `main.mpy`, `main/`) or frozen.
    'application str 1..64 "main"\n'
    # Settings of the application's own; not looked at here.
    'app any - null\n'
    # Serve the demo when there is no application.
    'demo bool - true\n'
    # Threads that serve, where the board has threads; 0: the main thread serves, and there is no REPL until Ctrl-C.
    'threads int 0..16 1\n'
    # Least important messages of the server that the console shows; `debug`: a line for each request.
    'log_level one off|error|warning|info|debug "warning"\n'
    # Password of the user `admin` for the device's pages; without one they change nothing.
    'admin_password secret 1..64 ""\n'
    # Seconds (4 at least) after which a server that hangs resets the board, where it has a watchdog; 0: never.
    'watchdog int 0..600 0\n'
    # Address that the server binds to; 0.0.0.0: all of the device's.
    'server.address ip - "0.0.0.0"\n'
    # Port of http.
    'server.port int 1..65535 80\n'
    # Sizes of the server: SetEmbeddedConfig, SetLightConfig, …; `auto`: what suits the board.
    'server.preset one auto|embedded|light|normal|large "auto"\n'
    # ConnQueueCapacity; null here and below: as the preset says.
    'server.conn_queue_capacity int 1..4096 null\n'
    # BufferSlotsCount.
    'server.buffer_slots_count int 1..65536 null\n'
    # BufferSlotSize in bytes.
    'server.buffer_slot_size int 256..65536 null\n'
    # KeepAllocBufferSlots.
    'server.keep_alloc_buffer_slots bool - null\n'
    # MaxRequestContentLength in bytes.
    'server.max_request_content_length int 0..1073741823 null\n'
    # RequestsTimeoutSec in seconds.
    'server.requests_timeout_sec int 1..3600 null\n'
    # MaxConnections: beyond, the one that has been idle longest gives way to a newcomer; null: as many as there can be.
    'server.max_connections int 1..65535 null\n'
    # Folder of the web files on the flash; the frozen ones serve what is not there.
    'server.root str 1..128 "www"\n'
    # URL that requests for what does not exist are redirected to.
    'server.not_found_url str 1..256 null\n'
    # AllowAllOrigins.
    'server.allow_all_origins bool - false\n'
    # CORSAllowAll.
    'server.cors_allow_all bool - false\n'
    # File with the TLS certificate; with it https is served beside http.
    'tls.cert str 1..128 ""\n'
    # File with the certificate's private key.
    'tls.key str 1..128 ""\n'
    # Port of https.
    'tls.port int 1..65535 443\n'
    # Wi-Fi network to join.
    'network.ssid ssid 1..32 ""\n'
    # Its password, or the key itself as 64 hexadecimal digits; empty: an open network.
    'network.password key 8..63 ""\n'
    # Static address; empty: by DHCP.
    'network.address ip - ""\n'
    # Mask of the static address.
    'network.mask ip - "255.255.255.0"\n'
    # Gateway of the static address.
    'network.gateway ip - ""\n'
    # DNS server of the static address.
    'network.dns ip - ""\n'
    # When the device opens a Wi-Fi network of its own: when it cannot join one, always, or never.
    'network.ap one fallback|always|never "fallback"\n'
    # Name of that network; empty: the hostname.
    'network.ap_ssid ssid 1..32 ""\n'
    # Its password; empty: an open network.
    'network.ap_password secret 8..63 ""\n'
    # Country whose rules the radio keeps: two letters; XX: those that are right everywhere.
    'network.country str 2..2 "XX"'
)


_SECRET = ('secret', 'key')  # kinds that are never shown
_IN_BYTES = ('ssid', 'secret', 'key')  # kinds whose length is in bytes, as radios count


def load(path='config.json', defaults=None):
    """Read the configuration.

    Arguments: `path`: str; `defaults`: nested dict of what differs from the schema's defaults, or None.
    Return (config, faults): config is a nested dict with all keys of the schema, as config['server']['port'];
    faults is a list of str, a line each: what is wrong, what would be right, what is used. Never raises.
    """
    obj, fault = read(path)
    config, faults = check(obj, defaults)
    if fault:
        faults.insert(0, fault)
    return config, faults


def read(path='config.json'):
    """Read what the file holds, unchecked.

    Return (object, fault): ({}, None) when there is no file, ({}, str) when it is not JSON. Never raises.
    A save that was cut between removing the old file and naming the new one (FAT) has left the new one as `path`.new.
    """
    obj, fault = parse(path)
    if fault == '':
        obj, fault = parse(path + '.new')
        if fault:  # Cut in the first save of all.
            fault = ''
    return ({}, fault or None) if fault is not None else (obj, None)


def parse(path):
    """Return (object, None), (None, what is wrong), or (None, '') when there is no such file."""
    try:
        f = open(path, 'rb')
    except OSError:
        return None, ''
    text = b''
    what = 'line %d is not JSON; the defaults are used'
    try:
        # MicroPython's parser takes a text for whole that ends where a value ends: the brackets are counted here.
        text = f.read()
        n = len(text)
        if text[:2] in (b'\xff\xfe', b'\xfe\xff'):
            what = 'line %d is UTF-16, save it as UTF-8; the defaults are used'
            n = 0
        elif _is_balanced(text):
            f.seek(3 if text[:3] == b'\xef\xbb\xbf' else 0)
            return json.load(f), None
    except Exception as error:
        # MicroPython's parser says nothing of the place, but has read just beyond it; CPython's says it.
        n = getattr(error, 'pos', 0) or f.tell() - 1
    finally:
        f.close()
    return None, what % (text[:n].count(b'\n') + 1)


def _is_balanced(text):
    """Tell whether each bracket and quotation mark in a JSON text (bytes) has its partner."""
    depth, quoted, escaped = 0, False, False
    for c in text:
        if escaped:
            escaped = False
        elif quoted:
            quoted, escaped = c != 34, c == 92
        elif c == 34:
            quoted = True
        elif c in b'{[':
            depth += 1
        elif c in b'}]':
            depth -= 1
    return depth == 0 and not quoted


def check(obj, defaults=None):
    """Take from an object, as JSON gives it, what is right.

    Arguments: `obj`: anything; `defaults`: as in load().
    Return (config, faults) as load() does.
    """
    config = {}
    faults = []
    if type(obj) is not dict:
        faults.append('the file must hold an object {…}; the defaults are used')
        obj = {}
    for row in SCHEMA.split('\n'):
        key, kind, limits, default = row.split(' ')
        into, given, own, name = config, obj, defaults or {}, key
        if '.' in key:
            group, name = key.split('.')
            into = config.setdefault(group, {})
            given = obj.get(group)
            own = own.get(group, {})
        usual = own.get(name, json.loads(default))
        value = given.get(name) if type(given) is dict else None
        if value is not None and not (value == '' and default == '""'):
            right = _right(kind, limits, value)
            if right:
                shown = 'its value' if kind in _SECRET or type(value) in (dict, list) else json.dumps(value)[:32]
                faults.append('%s: %s is wrong, must be %s; %s is used' % (key, shown, right, json.dumps(usual)))
                value = None
        into[name] = usual if value is None else value
    _find_unknown(obj, config, '', faults)
    return config, faults


def hide_secrets(config):
    """Take the secrets out of a configuration, as load() returns it."""
    for row in SCHEMA.split('\n'):
        key, kind, _, _ = row.split(' ')
        if kind in _SECRET:
            group, _, name = key.rpartition('.')
            del (config[group] if group else config)[name]


def _find_unknown(obj, config, prefix, faults):
    """Add a fault for each key of `obj` that `config` does not have, and for each group that is none."""
    for key in obj:
        if key not in config:
            faults.append(
                '%s: no such key; did you mean %s%s?'
                % (json.dumps(prefix + key)[1:32].rstrip('"'), prefix, _nearest(key, config))
            )
        elif not prefix and type(config[key]) is dict:
            if type(obj[key]) is dict:
                _find_unknown(obj[key], config[key], key + '.', faults)
            elif obj[key] is not None:
                faults.append('%s: must be an object {…}; the defaults are used' % key)


def _right(kind, limits, value):
    """Say what would be right in place of `value`, or None when it is right."""
    if kind == 'any':
        return None
    if kind == 'bool':
        return None if type(value) is bool else 'true or false'
    if kind == 'one':
        return None if type(value) is str and value in limits.split('|') else limits
    if kind == 'ip':
        return None if type(value) is str and _is_ip(value) else 'an address as 192.168.1.2'
    low, high = limits.split('..')
    if kind == 'int':
        return None if type(value) is int and int(low) <= value <= int(high) else 'an integer of ' + limits
    if type(value) is str:
        if int(low) <= _length(kind, value) <= int(high) and (kind != 'name' or _is_name(value)):
            return None
        if kind == 'key' and len(value) == 64 and _is_hexadecimal(value):
            return None
    unit = 'letters, digits, hyphens' if kind == 'name' else 'bytes' if kind in _IN_BYTES else 'characters'
    return 'a text of %s %s%s' % (limits, unit, ', or 64 hexadecimal digits' if kind == 'key' else '')


def _length(kind, text):
    """Return the length of a text as its kind counts it; -1 where it has none: half of a surrogate pair."""
    try:
        return len(text.encode() if kind in _IN_BYTES else text)
    except UnicodeError:
        return -1


def _is_hexadecimal(text):
    """Tell whether `text` has hexadecimal digits only."""
    for c in text:
        if c not in '0123456789abcdefABCDEF':
            return False
    return True


def _is_ip(text):
    """Tell whether `text` is an IPv4 address of four decimal numbers."""
    parts = text.split('.')
    try:
        for part in parts:
            if str(int(part)) != part or not 0 <= int(part) <= 255:
                return False
    except ValueError:
        return False
    return len(parts) == 4


def _is_name(text):
    """Tell whether `text` is one label of a host name (RFC 1123 section 2.1)."""
    for c in text:
        if not ('a' <= c <= 'z' or 'A' <= c <= 'Z' or '0' <= c <= '9' or c == '-'):
            return False
    return text[0] != '-' and text[-1] != '-'


def _nearest(word, words):
    """Return that of `words` that takes the fewest edits to become `word`."""
    best, least = '', 99
    for w in sorted(words):
        row = list(range(len(w) + 1))
        for i, a in enumerate(word[:32]):
            corner, row[0] = row[0], i + 1
            for j, b in enumerate(w):
                corner, row[j + 1] = row[j + 1], min(row[j] + 1, row[j + 1] + 1, corner + (a != b))
        if row[-1] < least:
            best, least = w, row[-1]
    return best
