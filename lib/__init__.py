"""Shared library of the replication book *How Global Are Global Value Chains?*"""
