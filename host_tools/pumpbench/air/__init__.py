"""The virtual air: Bumble's HCI, L2CAP, ATT and SMP between virtual boards and the host tool."""
