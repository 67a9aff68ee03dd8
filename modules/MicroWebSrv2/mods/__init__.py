"""Modules for MicroWebSrv2.LoadModule()."""
