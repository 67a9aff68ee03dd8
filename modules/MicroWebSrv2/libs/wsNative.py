"""What wsBytes does, in machine code: for firmware whose processor MicroPython compiles to."""

import micropython


@micropython.viper
def unmask(data, start, stop):
    """Takes the mask off a payload, as wsBytes.unmask(); in the data themselves, which need no memory then."""
    octets = ptr8(data)  # noqa: F821
    at = int(start)
    end = int(stop)
    first = octets[at - 4]
    second = octets[at - 3]
    third = octets[at - 2]
    fourth = octets[at - 1]
    while at + 3 < end:
        octets[at] ^= first
        octets[at + 1] ^= second
        octets[at + 2] ^= third
        octets[at + 3] ^= fourth
        at += 4
    if at < end:
        octets[at] ^= first
    if at + 1 < end:
        octets[at + 1] ^= second
    if at + 2 < end:
        octets[at + 2] ^= third
    return data[start:stop]


@micropython.viper
def unmask_in(buffer, start, stop, key):
    """Takes the mask off a payload, or a piece of one, where it lies, as wsBytes.unmask_in_portably()."""
    octets = ptr8(buffer)  # noqa: F821
    mask = ptr8(key)  # noqa: F821
    begin = int(start)
    at = begin
    end = int(stop)
    while at < end:
        octets[at] ^= mask[(at - begin) & 3]
        at += 1
