"""What httpHead does byte by byte, in machine code: for firmware whose processor MicroPython compiles to."""

import micropython


@micropython.viper
def has_controls(data) -> bool:
    """Tell whether there are control characters but HTAB, as httpHead.has_controls_portably()."""
    octets = ptr8(data)  # noqa: F821
    end = int(len(data))
    at = 0
    while at < end:
        octet = octets[at]
        if octet < 32:
            if octet != 9:
                return True
        elif octet == 127:
            return True
        at += 1
    return False
