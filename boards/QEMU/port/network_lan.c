// network.LAN: the Ethernet interface in Python.
#include <string.h>
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"
#include "ethernet.h"
#include "lan9118.h"

typedef struct {
    mp_obj_base_t base;
} network_lan_obj_t;

extern const mp_obj_type_t network_lan_type;
static const network_lan_obj_t network_lan_obj = { { &network_lan_type } };

// As on the pyboard: 0 no link, 1 link but not active, 2 no address yet, 3 has an address.
enum { STATUS_LINK_DOWN, STATUS_LINK_UP, STATUS_NO_ADDRESS, STATUS_GOT_ADDRESS };

static int lan_link_status(void) {
    if (!ethernet_is_started() || !netif_is_link_up(&ethernet_netif)) {
        MICROPY_PY_LWIP_ENTER
        bool up = lan9118_link_is_up();
        MICROPY_PY_LWIP_EXIT
        return up ? STATUS_LINK_UP : STATUS_LINK_DOWN;
    }
    return ip4_addr_isany(netif_ip4_addr(&ethernet_netif)) ? STATUS_NO_ADDRESS : STATUS_GOT_ADDRESS;
}

static mp_obj_t lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    mod_network_register_nic(MP_OBJ_FROM_PTR(&network_lan_obj));
    return MP_OBJ_FROM_PTR(&network_lan_obj);
}

static void lan_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    mp_printf(print, "<LAN active=%d status=%d>", ethernet_is_started(), lan_link_status());
}

// LAN.active([on])
static mp_obj_t lan_active(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return mp_obj_new_bool(ethernet_is_started());
    }
    if (!mp_obj_is_true(args[1])) {
        ethernet_stop();
    } else if (!ethernet_start()) {
        mp_raise_OSError(MP_ENODEV);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_active_obj, 1, 2, lan_active);

static mp_obj_t lan_isconnected(mp_obj_t self) {
    return mp_obj_new_bool(ethernet_is_started() && lan_link_status() == STATUS_GOT_ADDRESS);
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_isconnected_obj, lan_isconnected);

static mp_obj_t lan_status(mp_obj_t self) {
    return MP_OBJ_NEW_SMALL_INT(lan_link_status());
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_status_obj, lan_status);

static void need_active(void) {
    if (!ethernet_is_started()) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("LAN is not active: call active(True) first"));
    }
}

static mp_obj_t lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    need_active();
    return mod_network_nic_ifconfig(&ethernet_netif, n_args - 1, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_ifconfig_obj, 1, 2, lan_ifconfig);

static mp_obj_t lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    need_active();
    return mod_network_nic_ipconfig(&ethernet_netif, n_args - 1, args + 1, kwargs);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_ipconfig_obj, 1, lan_ipconfig);

static void set_mac(mp_obj_t value) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(value, &buffer, MP_BUFFER_READ);
    if (buffer.len != sizeof(ethernet_address)) {
        mp_raise_ValueError(MP_ERROR_TEXT("mac must be 6 bytes"));
    }
    if (ethernet_is_started()) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("LAN is active: set mac before active(True)"));
    }
    memcpy(ethernet_address, buffer.buf, sizeof(ethernet_address));
}

// LAN.config('mac'), LAN.config(mac=..., hostname=...)
static mp_obj_t lan_config(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    if (kwargs->used == 0) {
        if (n_args != 2) {
            mp_raise_TypeError(MP_ERROR_TEXT("must query one param"));
        }
        switch (mp_obj_str_get_qstr(args[1])) {
            case MP_QSTR_mac:
                return mp_obj_new_bytes(ethernet_address, sizeof(ethernet_address));
            case MP_QSTR_hostname:
                return mod_network_hostname(0, NULL);
        }
        mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
    }
    if (n_args != 1) {
        mp_raise_TypeError(MP_ERROR_TEXT("can't specify pos and kw args"));
    }
    for (size_t i = 0; i < kwargs->alloc; ++i) {
        if (!mp_map_slot_is_filled(kwargs, i)) {
            continue;
        }
        switch (mp_obj_str_get_qstr(kwargs->table[i].key)) {
            case MP_QSTR_mac:
                set_mac(kwargs->table[i].value);
                break;
            case MP_QSTR_hostname:
                mod_network_hostname(1, &kwargs->table[i].value);
                break;
            default:
                mp_raise_ValueError(MP_ERROR_TEXT("unknown config param"));
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_config_obj, 1, lan_config);

static const mp_rom_map_elem_t lan_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&lan_active_obj) },
    { MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&lan_isconnected_obj) },
    { MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&lan_status_obj) },
    { MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&lan_ifconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&lan_ipconfig_obj) },
    { MP_ROM_QSTR(MP_QSTR_config), MP_ROM_PTR(&lan_config_obj) },
};
static MP_DEFINE_CONST_DICT(lan_locals, lan_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    network_lan_type, MP_QSTR_LAN, MP_TYPE_FLAG_NONE,
    make_new, lan_make_new,
    print, lan_print,
    locals_dict, &lan_locals
    );
